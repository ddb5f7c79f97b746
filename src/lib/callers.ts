/** The caller that the API records while there are no keys: anybody on this machine. */
export const EVERYBODY = "open";
