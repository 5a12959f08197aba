import type { SuiteCase } from "./suite-case.ts";

type Register = (name: string, run: () => Promise<void>) => unknown;

/** What a suite needs of a test runner: `describe` and `it` of vitest, jest, mocha or `node:test`. */
export interface SuiteRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: Register & { readonly skip?: Register };
  /** Shows a case as skipped. @default `it.skip` */
  readonly skip?: Register;
}

/** What {@link registerSuite} binds. */
export interface SuiteRegistration<TContext> {
  /** Title of the suite. */
  readonly name: string;
  readonly cases: readonly SuiteCase<TContext>[];
  /** What the target can do beyond its trait. @default none */
  readonly capabilities?: readonly string[] | undefined;
  /** Makes what a case works with, fresh for each. */
  readonly createContext: () => Promise<TContext>;
  /** Gives it back, also after a case that failed. */
  readonly closeContext: (context: TContext) => Promise<void>;
  /** @default the runner's global `describe` and `it` (vitest with `globals`, jest, mocha) */
  readonly runner?: SuiteRunner | undefined;
}

/**
 * Binds cases to a test runner: one test a case, each on a fresh store. A case whose capability the target lacks is shown as skipped, with
 * the capability in its title.
 *
 * @throws Error when two cases have one name, when no case asks for a capability that the target claims, or there is no runner.
 */
export function registerSuite<TContext>(registration: SuiteRegistration<TContext>): void {
  const { name, cases } = registration;
  const runner = registration.runner ?? globalRunner();
  refuseDuplicates(name, cases);
  refuseUnknown(name, cases, registration.capabilities);
  runner.describe(name, () => {
    for (const suiteCase of cases) {
      const lacking = lackingCapabilities(suiteCase, registration.capabilities);
      const run = (): Promise<void> => runSuiteCase(suiteCase, registration);
      if (lacking.length === 0) runner.it(suiteCase.name, run);
      else skipOf(runner)(`${suiteCase.name} (skipped: needs the capability ${lacking.join(", ")})`, run);
    }
  });
}

/** Runs one case in a fresh context, and gives the context back. Rejects when the case fails. */
export async function runSuiteCase<TContext>(
  suiteCase: SuiteCase<TContext>,
  { createContext, closeContext }: Pick<SuiteRegistration<TContext>, "createContext" | "closeContext">,
): Promise<void> {
  const context = await createContext();
  try {
    await suiteCase.run(context);
  } catch (error) {
    // The case's own failure is what the reader needs; the clean-up after it often fails for the same reason.
    await closeContext(context).catch(() => {});
    throw error;
  }
  await closeContext(context);
}

/** The capabilities that a case requires and a target lacks. */
function lackingCapabilities(suiteCase: SuiteCase<never>, capabilities: readonly string[] = []): readonly string[] {
  return (suiteCase.requires ?? []).filter((capability) => !capabilities.includes(capability));
}

function refuseDuplicates(suite: string, cases: readonly SuiteCase<never>[]): void {
  const seen = new Set<string>();
  for (const { name } of cases) {
    if (seen.has(name)) throw new Error(`the suite ${suite} has two cases with the name ${JSON.stringify(name)}`);
    seen.add(name);
  }
}

/** A capability that is misspelt would leave its cases skipped for ever. */
function refuseUnknown(suite: string, cases: readonly SuiteCase<never>[], claimed: readonly string[] = []): void {
  const known = new Set(cases.flatMap(({ requires = [] }) => requires));
  const unknown = claimed.filter((capability) => !known.has(capability));
  if (unknown.length === 0) return;
  const all = known.size === 0 ? "it knows none" : `it knows ${[...known].join(", ")}`;
  throw new Error(`the suite ${suite} has no case for the capability ${unknown.join(", ")}: ${all}`);
}

function skipOf(runner: SuiteRunner): Register {
  const skip = runner.skip ?? runner.it.skip;
  if (skip === undefined) throw new Error("the test runner has no `it.skip`: pass one as `skip`, so that skipped cases are seen");
  return skip;
}

function globalRunner(): SuiteRunner {
  const { describe, it } = globalThis as Partial<SuiteRunner>;
  if (typeof describe !== "function" || typeof it !== "function") {
    throw new Error("there is no global `describe` and `it`: pass those of the test runner, { describe, it }");
  }
  return { describe, it };
}
