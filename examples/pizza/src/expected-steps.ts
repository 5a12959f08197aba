import type { Order } from "./order.ts";

/** The one step that waits for an event and runs no code. */
export const BAKED = "baked";

/** Names of the steps that do something; all others are containers (`parallel`, `forEach`, `ifDo`). */
export const WORK: ReadonlySet<string> = new Set([
  "price",
  "charge",
  "dough",
  "sauce",
  "toppings",
  "drinks",
  "stretch",
  "top",
  "into the oven",
  BAKED,
  "box",
  "dispatch",
  "deliver",
  "call the customer",
  "receipt",
]);

/**
 * What has to happen for an order, as labels, each exactly once: written down from the order alone, not from the workflow's definition, so
 * that the check does not believe what it checks.
 */
export function expectedSteps(order: Order): readonly string[] {
  const forEachPizza = (step: string): readonly string[] => order.pizzas.map((_, index) => `${step} #${index + 1}`);
  return [
    "price",
    "charge",
    "dough",
    "sauce",
    "toppings",
    ...(order.drinks.length > 0 ? ["drinks"] : []),
    ...forEachPizza("stretch"),
    ...forEachPizza("top"),
    "into the oven",
    BAKED,
    ...forEachPizza("box"),
    ...(order.handover.kind === "delivery" ? ["dispatch", "deliver"] : ["call the customer"]),
    "receipt",
  ];
}
