/** A run followed live. */
export { controlsOf, parseScaleOrder } from "./controls.ts";
export { type Outlook, OutlookTracker } from "./outlook.ts";
export { startWatchServer, type WatchServer } from "./server.ts";
export { QUIET_SECONDS, stateText, terminalLines } from "./state-text.ts";
