import type { Providers, WorkflowChange } from "../src/index.ts";

/** Methods that do something else; `undefined` for one that is left out. */
export type Replacements<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A provider some of whose methods do something else. */
export function replacing<T extends object>(provider: T, methods: Replacements<T> | undefined): T {
  return new Proxy(provider, {
    get: (target, key) => {
      const value: unknown = Reflect.get(methods !== undefined && key in methods ? methods : target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Providers in whose store something happens just before, or just after, the first commit of a kind. */
export function meeting(
  providers: Providers,
  isMet: (change: WorkflowChange) => boolean,
  when: "before" | "after",
  act: () => Promise<unknown>,
): Providers {
  const { persistence } = providers;
  let hasMet = false;
  return {
    ...providers,
    persistence: replacing(persistence, {
      persistWorkflow: async (change, now) => {
        const meets = !hasMet && isMet(change);
        hasMet ||= meets;
        if (meets && when === "before") await act();
        const result = await persistence.persistWorkflow(change, now);
        if (meets && when === "after") await act();
        return result;
      },
    }),
  };
}
