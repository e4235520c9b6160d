// What is asked of a page from inside of it: functions that are sent into the browser as they stand, and so know nothing of
// this file around them.

/** Of a browser's document, no more than is asked here: our programs run in none, and have none of its types. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}
interface Node {
  readonly tagName: string;
  readonly textContent: string;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  getBoundingClientRect(): Box;
  closest(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}
declare const document: Node & { readonly documentElement: Node; readonly activeElement: Node | null };
declare const innerWidth: number;
declare const innerHeight: number;
declare function getComputedStyle(node: Node): Readonly<Record<string, string>>;

/**
 * What stands out of the window, or out of the drawing that it is a part of, as texts. Empty where all have room.
 * @param may a selector of what may stand out
 */
export function overflowing(may: string): string[] {
  const named = (node: Node): string => `${node.tagName} "${node.textContent.trim().slice(0, 40)}"`;
  const root = document.documentElement;
  // The box of a text is higher than its letters.
  const air = 4;
  const wide = root.scrollWidth > root.clientWidth ? [`the page: ${root.scrollWidth} in ${root.clientWidth}`] : [];
  const out: string[] = [];
  for (const node of document.querySelectorAll(`body *:not(${may})`)) {
    const box = node.getBoundingClientRect();
    if (box.width === 0) continue;
    const drawing = node.tagName === 'text' ? node.closest('svg')?.getBoundingClientRect() : undefined;
    const room = drawing ?? { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
    if (
      box.left < room.left - 1 ||
      box.right > room.right + 1 ||
      box.top < room.top - air ||
      box.bottom > room.bottom + air
    )
      out.push(named(node));
  }
  return [...wide, ...out];
}

/** Texts of drawings that stand out from their ground by less than 4.5 to 1, which axe does not look at; and how many there are. */
export function faintTexts(): { readonly texts: number; readonly faint: readonly string[] } {
  const numbers = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = numbers(colour).map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = [...document.querySelectorAll('svg text')].filter((node) => node.getBoundingClientRect().width > 0);
  const faint = texts.filter((node) => {
    const [ink, ground] = [
      luminance(getComputedStyle(node)['fill']!),
      luminance(getComputedStyle(node.closest('section')!)['backgroundColor']!),
    ];
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5;
  });
  return { texts: texts.length, faint: faint.map((node) => node.textContent) };
}

/** What has the focus: its name, and whether it can be seen and seen to have it; `null` where nothing has. */
export function focused(): { readonly name: string; readonly seen: boolean; readonly marked: boolean } | null {
  const node = document.activeElement;
  if (node === null || node.tagName === 'BODY') return null;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  return {
    name: `${node.tagName} ${(node as unknown as { ariaLabel: string | null }).ariaLabel ?? node.textContent.trim()}`,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    marked: style['outlineStyle'] !== 'none' && Number.parseFloat(style['outlineWidth']!) >= 2,
  };
}
