import { ActivityFailedError } from "../errors/step-errors.ts";
import type { ActivityOutcome } from "../models/activity.ts";
import type { Primitive } from "./primitive.ts";
import { selectedDuration, selectedString, timedOut } from "./selected.ts";

/**
 * Offers work to outside workers, and waits for what comes of it. The limit counts from the offer, claims included. A retry after a failure
 * offers it anew.
 */
export const activityPrimitive: Primitive = {
  enter(context) {
    if (context.hasEvent) {
      const outcome = context.eventData() as ActivityOutcome; // written by the host that took it from the worker
      if (outcome.kind === "success") return { kind: "complete", value: outcome.result };
      return { kind: "fail", error: new ActivityFailedError(outcome) };
    }
    const timeout = selectedDuration(context, "timeout");
    return {
      kind: "offer",
      activity: selectedString(context, "activity"),
      input: context.call("input"),
      ...(timeout === undefined ? {} : { untilMs: context.nowMs + timeout }),
    };
  },
  due: timedOut,
};
