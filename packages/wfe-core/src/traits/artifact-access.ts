/** What a step sees of the artifact store. */
export interface ArtifactAccess {
  put(content: AsyncIterable<Uint8Array> | Uint8Array): Promise<string>;
  get(digest: string): AsyncIterable<Uint8Array>;
}
