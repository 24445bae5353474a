import { connect } from "./socket.js";

connect("/ws/system/", () => {}); // connect() itself shows notifications
