/** An address as it is compared: the mail servers that people use ignore case. */
export function addressKey(email: string): string {
  return email.trim().toLowerCase();
}
