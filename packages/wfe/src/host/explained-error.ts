import { type ExplainedError, isWfeError, type Payloads } from "wfe-core";

/** A stored failure; what cannot be decoded here is told as that. */
export function explainedError(text: string | undefined, payloads: Payloads): ExplainedError | undefined {
  if (text === undefined) return undefined;
  try {
    const { code, message } = payloads.decode(text, "the error") as ExplainedError; // written by the engine alone
    return { code, message };
  } catch (error) {
    const shown = unreadable(error);
    if (shown === undefined) throw error;
    return shown;
  }
}

/** The error of a payload that another codec has written; `undefined` for any other. */
export function unreadable(error: unknown): ExplainedError | undefined {
  return isWfeError(error, "WFE_PAYLOAD_UNREADABLE") ? { code: error.code, message: error.message } : undefined;
}
