import type { Providers } from "../../src/index.ts";

/** Providers that count the calls of each of their methods. */
export function counting(providers: Providers): { readonly providers: Providers; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const counted = <T extends object>(provider: T): T =>
    new Proxy(provider, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          calls.set(String(key), (calls.get(String(key)) ?? 0) + 1);
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  return {
    providers: { persistence: counted(providers.persistence), locks: counted(providers.locks), queue: counted(providers.queue) },
    calls,
  };
}
