/** What was asked for makes no sense. The message says what, and what would. */
export class UsageError extends Error {}
