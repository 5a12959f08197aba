import { posix } from "node:path";

/** A link of a document that leads nowhere. */
export interface BrokenLink {
  readonly document: string;
  readonly link: string;
}

/**
 * Links between the files of a repository that lead nowhere: to a path that does not exist, or to a heading that the document lacks. Links to
 * other sites are not followed, and code is not looked at.
 *
 * @param documents - Path from the root to Markdown text.
 * @param paths - All files of the repository, from the root; a folder exists when a file is in it.
 */
export function brokenLinks(documents: ReadonlyMap<string, string>, paths: readonly string[]): readonly BrokenLink[] {
  const existing = new Set(paths);
  for (const path of paths) {
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) existing.add(folder);
  }
  const broken: BrokenLink[] = [];
  for (const [document, text] of documents) {
    for (const link of linksOf(text)) {
      const [path = "", heading] = decodeURI(link).split("#", 2);
      const target = path === "" ? document : posix.normalize(posix.join(posix.dirname(document), path)).replace(/\/$/, "");
      const there = target === "." || existing.has(target);
      const targetText = documents.get(target);
      if (!there || (heading !== undefined && targetText !== undefined && !headingsOf(targetText).has(heading))) broken.push({ document, link });
    }
  }
  return broken;
}

/** Targets of the links of a Markdown text that point into the repository, in order. */
export function linksOf(markdown: string): readonly string[] {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const definitions = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm)];
  return [...inline, ...definitions].map((match) => match[1] ?? "").filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

/** The anchors of a text's headings, as GitHub makes them. */
function headingsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  for (const [, title = ""] of headings) {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "``");
}
