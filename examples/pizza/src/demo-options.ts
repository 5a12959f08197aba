import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface DemoOptions {
  readonly orders: number;
  readonly kills: number;
  readonly seed: number;
  /** Whether the database stays. */
  readonly keep: boolean;
}

/**
 * Reads the command line.
 *
 * @param defaults.orders - Also the most there are.
 * @throws TypeError for an unknown option, RangeError for a value that makes no sense.
 */
export function demoOptions(args: readonly string[], defaults: { readonly orders: number; readonly seed: number }): DemoOptions {
  const { values } = parseArgs({
    // `npm run demo -- --keep` style: pnpm hands on the two dashes.
    args: args.filter((arg) => arg !== "--"),
    options: {
      orders: { type: "string", default: String(defaults.orders) },
      kills: { type: "string", default: "2" },
      seed: { type: "string", default: String(defaults.seed) },
      keep: { type: "boolean", default: false },
    },
  });
  return {
    orders: wholeNumber("--orders", values.orders, 1, defaults.orders),
    kills: wholeNumber("--kills", values.kills, 0, 100),
    seed: wholeNumber("--seed", values.seed, 0, 2 ** 31),
    keep: values.keep,
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}: got ${JSON.stringify(text)}`);
}
