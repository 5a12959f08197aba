import type { PointerStatus } from "../models/workflow-status.ts";

/** Colors of a step by its status; black text is legible on every fill. */
export const STATUS_COLORS: Readonly<Record<PointerStatus, { readonly fill: string; readonly line: string }>> = {
  pending: { fill: "#f1f3f5", line: "#868e96" },
  running: { fill: "#d0ebff", line: "#1971c2" },
  sleeping: { fill: "#e5dbff", line: "#6741d9" },
  waitingForEvent: { fill: "#fff3bf", line: "#f08c00" },
  complete: { fill: "#d3f9d8", line: "#2f9e44" },
  skipped: { fill: "#f8f9fa", line: "#ced4da" },
  failed: { fill: "#ffe3e3", line: "#e03131" },
  compensated: { fill: "#ffe8cc", line: "#e8590c" },
  cancelled: { fill: "#dee2e6", line: "#495057" },
};
