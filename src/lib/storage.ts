import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";

/** Less is used up by the journal of a busy minute, and an engine that finds no room refuses every change. */
const ROOM_BYTES_MIN = 16 * 1024 * 1024;

/** Whether the folder can be written to, and its disk has room. A folder that is not there cannot. */
export async function hasRoom(folder: string, bytesMin = ROOM_BYTES_MIN): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize >= bytesMin;
  } catch {
    return false;
  }
}
