/** Whether a stored scope has an id, both as JSON text. */
export function scopeHas(scope: unknown, id: unknown): 0 | 1 {
  const ids = JSON.parse(scope as string) as readonly string[]; // written by pointerValues
  return ids.includes(JSON.parse(id as string) as string) ? 1 : 0; // given by getPointers
}
