import type { PointerRow } from "../../../src/index.ts";

/** What the interpreter is told of the instances around the one it looks at. */
export interface Family {
  /** Status of the children that a pointer has started, in order, and the length of their logs. */
  children(pointer: PointerRow): readonly { readonly status: string; readonly logLength: number }[];
  /** Whether somebody outside may have terminated this instance: a command, or its parent. */
  readonly mayBeTerminated: boolean;
  /** Whether somebody outside may have taken a termination back, or a failure that was to be compensated. */
  readonly mayBeRetried: boolean;
}
