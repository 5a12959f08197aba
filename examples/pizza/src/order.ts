import { readFileSync } from "node:fs";

/** One pizza of an order. */
export interface Pizza {
  readonly kind: string;
  readonly size: "small" | "medium" | "large" | "family";
  readonly toppings: readonly string[];
}

/** Where the pizzas go. */
type Handover =
  | { readonly kind: "delivery"; readonly street: string; readonly postcode: string; readonly town: string; readonly note?: string }
  | { readonly kind: "pickup"; readonly branch: string };

/** An order as it comes in. */
export interface Order {
  /** Unique; also the id of its workflow instance, which makes starting it idempotent. */
  readonly id: string;
  readonly placedAt: string;
  readonly customer: { readonly name: string; readonly phone: string };
  readonly handover: Handover;
  /** One or more. */
  readonly pizzas: readonly Pizza[];
  readonly drinks: readonly string[];
  readonly card: { readonly brand: string; readonly last4: string; readonly token: string };
}

/** The first so many orders of `orders.json`. @default all of them */
export function readOrders(count?: number): readonly Order[] {
  const all = JSON.parse(readFileSync(new URL("../orders.json", import.meta.url), "utf8")) as Order[]; // our own file
  return all.slice(0, count);
}

const PRICES = { small: 700, medium: 900, large: 1_200, family: 1_900 };

/** What an order costs, in cents. */
export function priceOf(order: Pick<Order, "pizzas" | "drinks" | "handover">): number {
  const pizzas = order.pizzas.reduce((sum, pizza) => sum + PRICES[pizza.size] + 80 * pizza.toppings.length, 0);
  return pizzas + 300 * order.drinks.length + (order.handover.kind === "delivery" ? 250 : 0);
}
