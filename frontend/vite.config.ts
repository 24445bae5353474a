import { defineConfig } from "vite";

// Django's template takes the names of the hashed files from manifest.json; there is no index.html.
export default defineConfig({
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    rolldownOptions: { input: "src/main.tsx" },
  },
});
