import { describe, expect, it } from "vitest";
import { DRILL_NAMES, type DrillName } from "../src/command-line.ts";
import type { DrillSettings } from "../src/drill-run.ts";
import { DRILLS } from "../src/drills/drills.ts";
import { CannotRunHereError, SmallDisk } from "../src/small-disk.ts";
import type { StoreName } from "../src/store-name.ts";

const TIMEOUT_MS = 150_000;

/** Of a short form; more is for runs of the program by hand. */
const SHORT: Omit<DrillSettings, "store" | "tell"> = { workflows: 24, hosts: 2, limitMs: 120_000, everyMs: 1_200, rounds: 1, onStart: () => {} };

const canMount = await (async (): Promise<boolean> => {
  try {
    await SmallDisk.mount(1).unmount();
    return true;
  } catch (error) {
    if (error instanceof CannotRunHereError) return false;
    throw error;
  }
})();

/** Every drill on a store, in a short form; one that the machine does not allow is shown as skipped, with the reason. */
export function shortDrills(store: StoreName): void {
  describe(`drills on ${store}`, () => {
    for (const name of DRILL_NAMES) {
      const isAllowed = name !== "disk-full" || canMount;
      it.skipIf(!isAllowed)(
        `${name} leaves everything as it must be${isAllowed ? "" : " (no small file system can be mounted here)"}`,
        async () => {
          await expectGood(name, store);
        },
        TIMEOUT_MS,
      );
    }
  });
}

async function expectGood(name: DrillName, store: StoreName): Promise<void> {
  const lines: string[] = [];

  const { done, findings, isGood } = await DRILLS[name]({ ...SHORT, store, tell: (line) => void lines.push(line) });

  expect(findings.filter((finding) => !finding.isGood)).toEqual([]);
  expect(isGood).toBe(true);
  expect(findings.length).toBeGreaterThan(15);
  expect(done).not.toEqual([]);
  expect(lines[0]).toBe(`starting 2 hosts on ${store}`);
}
