"""The objectives written for clarity, one query at a time, with gradients by autograd."""

import torch
from torch.nn import functional as F


def nt_xent(first, second, temperature):
    """SimCLR's loss over 2B rows: Chen et al., ICML 2020, equation 1."""
    z = F.normalize(torch.cat([first, second]), dim=1)
    count = len(first)
    similarities = z @ z.T / temperature
    similarities = similarities.masked_fill(torch.eye(2 * count, dtype=torch.bool), -torch.inf)
    targets = (torch.arange(2 * count) + count) % (2 * count)
    return F.cross_entropy(similarities, targets)
