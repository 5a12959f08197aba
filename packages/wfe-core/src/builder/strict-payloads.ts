import { Payloads } from "../runtime/payloads.ts";

/** Copies what becomes part of a graph: plain JSON, whatever codec the host has for data. */
export const STRICT: Payloads = new Payloads();
