"""Near duplicates among functions, after Allamanis 2019 (arXiv:1812.06469): the Jaccard index of
the multisets of tokens."""

import collections
import math

THRESHOLD = 0.8


def multiset(tokens):
    """As a set of (token, how many of it came before)."""
    seen = collections.Counter()
    elements = set()
    for token in tokens:
        if token.strip("()[]{}:,.=\"'"):
            elements.add((token, seen[token]))
            seen[token] += 1
    return elements


def ranked(sets):
    """Each set as a list of numbers; the rarer an element, the smaller its number."""
    count = collections.Counter(element for elements in sets for element in elements)
    order = sorted(count, key=lambda element: (count[element], element))
    rank = {element: i for i, element in enumerate(order)}
    return [sorted(rank[element] for element in elements) for elements in sets]


def first_of_each(token_lists, threshold=THRESHOLD):
    """The places of those lists that are no near duplicate of a list kept before them.

    Exact. Two sets with a Jaccard index of t or more share one of their n - ceil(t n) + 1 rarest
    elements (the prefix filter; Bayardo et al. 2007, "Scaling up all pairs similarity search").
    """
    kept, holders = {}, collections.defaultdict(list)
    for place, elements in enumerate(ranked([multiset(tokens) for tokens in token_lists])):
        size, whole = len(elements), set(elements)
        prefix = elements[:size - math.ceil(threshold * size) + 1]
        candidates = {other for element in prefix for other in holders[element]}
        if any(is_near(whole, kept[other], threshold) for other in candidates):
            continue
        kept[place] = whole
        for element in prefix:
            holders[element].append(place)
    return list(kept)


def is_near(a, b, threshold):
    if min(len(a), len(b)) < threshold * max(len(a), len(b)):
        return False
    shared = len(a & b)
    return shared >= threshold * (len(a) + len(b) - shared)
