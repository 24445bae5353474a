import { defineConfig } from "vite";

// Django's template takes the names of the hashed files from manifest.json; there is no index.html.
export default defineConfig({
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // Those that know light-dark(), as the sandbox's own style sheet needs it.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rolldownOptions: { input: "src/main.tsx" },
  },
});
