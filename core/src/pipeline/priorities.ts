/** Priorities go from −100 to 100, higher first (see Priorities); with this added they are stored, as whole numbers from 0. */
export const priorityBase = 100;

/** BullMQ's priority, from 1 on and lower ones first, of a message that has our lowest one: there are two for each of ours. */
export const rankBase = 2 * (2 * priorityBase + 1);
