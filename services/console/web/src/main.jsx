// Where the page starts: who is signed in, the clock, the stream, the first picture on the screen.

import "uplot/dist/uPlot.min.css";
import "./styles/index.css";
import { render } from "preact";
import { startClock } from "./model/clock.js";
import { findSession } from "./model/session.js";
import { startStream } from "./model/stream.js";
import { App } from "./shell/app.jsx";

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app");

startClock();
startStream();
void findSession();
render(<App />, root);
