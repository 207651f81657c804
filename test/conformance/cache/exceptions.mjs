// Required cases that no cache can pass, each with its reason.

const NO_ANSWER =
  "the suite's origin cuts the connection each time it is asked, so that no answer can bear the number of the " +
  'request that the case then looks for; what is served is an error of the proxy, and nothing stale';

export const exceptions = {
  'age-parse-prefix':
    'it wants "Age: 0,7200" reused, against its own name ("to be stale") and against age-parse-dup-0 and ' +
    'age-parse-prefix-twoline, which are required too and forbid "Age: 0, 0" and the same two values on two lines',
  'headers-store-Transfer-Encoding':
    'its origin names a transfer coding that does not exist: whoever drops the name, as the case wants, hands out ' +
    "bytes that may still be coded; Deputy's client refuses such an answer and its cache does not keep it",
  'stale-close-must-revalidate': NO_ANSWER,
  'stale-close-proxy-revalidate': NO_ANSWER,
  'stale-close-no-cache': NO_ANSWER,
  'stale-close-s-maxage=2': NO_ANSWER,
};
