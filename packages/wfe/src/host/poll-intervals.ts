/** How long those who wait for something of another process leave the store alone, in milliseconds: at first, and at most. It doubles in between. */
export const FIRST_POLL_MS = 20;
export const LONGEST_POLL_MS = 1_000;
