/** Statuses of a pointer that is open, as a list of SQL; an index of these alone serves a condition that is word for word the same. */
export const OPEN_STATUSES = "('pending', 'running', 'sleeping', 'waitingForEvent', 'failed')";
