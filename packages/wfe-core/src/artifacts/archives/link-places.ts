import { foldedName } from "./archive-path.ts";

interface Place {
  isLink: boolean;
  readonly children: Map<string, Place>;
}

/** Where the links of an archive are, under any name that leads to them; a step along a path costs the same however many there are. */
export class LinkPlaces {
  readonly #root: Place = { isLink: false, children: new Map() };

  constructor(links: readonly (readonly string[])[]) {
    for (const segments of links) {
      let place = this.#root;
      for (const segment of segments) {
        const key = foldedName(segment);
        let child = place.children.get(key);
        if (child === undefined) place.children.set(key, (child = { isLink: false, children: new Map() }));
        place = child;
      }
      place.isLink = true;
    }
  }

  /**
   * What is wrong with a way through the archive, if anything is.
   *
   * @param from - The directory where it begins.
   * @param followed - Whether the last name is followed, too, as a slash behind it demands.
   */
  problemOf(from: readonly string[], steps: readonly string[], followed: boolean): string | undefined {
    /** `undefined` from where on no links are. */
    const way: (Place | undefined)[] = [this.#root];
    for (const segment of from) way.push(way.at(-1)?.children.get(foldedName(segment)));
    for (const [index, step] of steps.entries()) {
      if (step === "..") {
        way.pop();
        if (way.length === 0) return "leads out of the archive";
      } else {
        const place = way.at(-1);
        way.push(place === undefined ? undefined : place.children.get(foldedName(step)));
      }
      if (way.at(-1)?.isLink === true && (followed || index < steps.length - 1))
        return `leads through another link, at its step ${JSON.stringify(step)}`;
    }
    return undefined;
  }
}
