import { createRoot } from "react-dom/client";
import { App } from "./components/App.tsx";
import { readConfig } from "./config.ts";
import "./ai-chat.css";

const root = document.getElementById("ai-chat");
if (!root) throw new Error("The page has no #ai-chat");
// On a phone the links of the page's head are one row that scrolls.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
createRoot(root).render(<App config={readConfig()} />);
