// Required cases that no cache can pass, each with its reason.

const NO_ANSWER =
  "the suite's origin cuts the connection each time it is asked, so that no answer can bear the number of the " +
  'request that the case then looks for; what is served is an error of the proxy, and nothing stale';

export const exceptions: Readonly<Record<string, string>> = {
  'age-parse-prefix':
    'it wants "Age: 0,7200" reused, against its own name ("to be stale") and against age-parse-dup-0 and ' +
    'age-parse-prefix-twoline, which are required too and forbid "Age: 0, 0" and the same two values on two lines',
  'headers-store-Transfer-Encoding':
    'its origin names a transfer coding that does not exist: anyone who drops the name, as the case wants, hands out ' +
    "bytes that may still be coded; Deputy's client refuses such an answer and its cache does not keep it",
  'stale-close-must-revalidate': NO_ANSWER,
  'stale-close-proxy-revalidate': NO_ANSWER,
  'stale-close-no-cache': NO_ANSWER,
  'stale-close-s-maxage=2': NO_ANSWER,
};

const BAD_PARTS =
  'its origin sends five bytes as "bytes 4-9/10", which are six: anyone who keeps them serves a byte in the place of another';

/** Optimal cases that this cache leaves, each with its reason. */
export const declined: Readonly<Record<string, string>> = {
  'vary-normalise-lang-order':
    'servers break ties by the order of languages, as Apache does: to ignore it gives people a language they like less',
  'vary-normalise-lang-select':
    'which language the origin would choose for another request is its own to say: RFC 9111 §4.1 matches the headers ' +
    'that Vary names, not what came of them',
  'conditional-lm-fresh-no-lm':
    'it asks If-Modified-Since for a time 50 minutes before the Date that stands for a missing Last-Modified (RFC 9111 ' +
    '§4.3.2): by that date the content is newer, and the answer is 200',
  'partial-store-partial-reuse-partial': BAD_PARTS,
  'partial-store-partial-reuse-partial-byterange': BAD_PARTS,
  'partial-store-partial-reuse-partial-absent': BAD_PARTS,
  'partial-store-partial-reuse-partial-suffix': BAD_PARTS,
  'partial-store-partial-complete':
    'parts are not kept: what the services before the cache make of content, they make of the whole',
  'other-authorization-must-revalidate':
    'its answer to one who is logged in does not say that others may have it: clients share what is marked public or ' +
    'has s-maxage, and nothing else',
};
