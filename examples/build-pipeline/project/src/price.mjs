// What a pizza costs, in cents.
const PRICES = { margherita: 900, funghi: 1_050 };

export function price(pizza, count) {
  const each = PRICES[pizza];
  if (each === undefined) throw new RangeError(`no such pizza: ${pizza}`);
  // Every tenth is free.
  return each * (count - Math.floor(count / 10));
}
