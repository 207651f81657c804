// When a superscript says something by its place: 10^9 is not 109, but 1st reads as well without a sign.

/** Whether `text`, which is raised, needs a sign for that. */
export const isRaised = (text: string): boolean => !ORDINAL.test(text) && !/^\s*[[(^*†‡§°®™©]/.test(text);

const ORDINAL = /^\s*(?:st|nd|rd|th|er|re|ère|e|ème|o|a|os|as|TM|SM|®)\.?\s*$/i;
