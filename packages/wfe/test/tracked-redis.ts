import { Redis } from "ioredis";
import type { VirtualClock } from "../src/test-support/index.ts";

/** A client for whose commands a virtual clock waits, so that time stands still while the server works. Its copies, which block, are not waited for. */
export class TrackedRedis extends Redis {
  /** The clock of the test that is run. */
  clock: VirtualClock | undefined;

  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    const sent = super.sendCommand(command, stream);
    const { promise } = command as { readonly promise: Promise<unknown> }; // each has one
    void this.clock?.track(promise);
    return sent;
  }
}
