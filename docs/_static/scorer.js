// A heading that has the query comes before the pages that have its words. The numbers, and the name, are those of Sphinx.
var Scorer = {
  score: ([, , anchor, , score]) => (anchor ? score + 100 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
