import { price } from "./price.mjs";

// One line for each pizza, and the sum.
export function receipt(order) {
  const lines = Object.entries(order).map(([pizza, count]) => `${count} x ${pizza}: ${price(pizza, count)}`);
  const sum = Object.entries(order).reduce((total, [pizza, count]) => total + price(pizza, count), 0);
  return [...lines, `sum: ${sum}`].join("\n");
}
