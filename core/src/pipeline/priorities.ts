/**
 * Priorities go from −100 to 100, higher first (see Priorities). This is added to store them as whole numbers from 0.
 */
export const priorityBase = 100;

/**
 * The BullMQ priority of a message with our lowest priority. BullMQ's start at 1 and lower ones go first; each of ours
 * has two.
 */
export const rankBase = 2 * (2 * priorityBase + 1);
