/** How long those who wait for something of another process leave the store alone at first, in milliseconds. It doubles, up to `longestPollMs` of the options. */
export const FIRST_POLL_MS = 20;
