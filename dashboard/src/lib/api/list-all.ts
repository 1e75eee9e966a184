/** Reads a list of the REST API page by page, up to a bound. */

interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export async function listAll<Item>(
  maxPages: number,
  readPage: (position: { cursor?: string }) => Promise<Page<Item>>,
  onPage?: (items: Item[]) => void,
): Promise<Item[]> {
  const items: Item[] = [];
  let position: { cursor?: string } = {};
  for (let count = 0; count < maxPages; count++) {
    const page = await readPage(position);
    items.push(...page.items);
    onPage?.(page.items);
    if (!page.next) break;
    position = { cursor: page.next };
  }
  return items;
}
