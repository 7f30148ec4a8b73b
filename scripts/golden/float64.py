"""What the golden makers share to compute in float64.

The values they store are rounded to float32 once, at the end, so that they are the same whatever a
machine's kernels do with the last bits of a sum.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers.models.starcoder2.modeling_starcoder2 import Starcoder2RotaryEmbedding


class Float64(TorchDispatchMode):
    """Fails where an operation takes or gives a narrower type beside float64."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        kinds = {leaf.dtype for leaf in tree_leaves((args, kwargs, result))
                 if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()}
        assert torch.float64 not in kinds or len(kinds) == 1, (function, kinds)
        return result


def rotary_terms(self, x, position_ids):
    """In place of transformers' own, which are float32 whatever the model is."""
    size = self.config.hidden_size // self.config.num_attention_heads
    exponents = torch.arange(0, size, 2, dtype=torch.float64) / size
    angles = position_ids.double().unsqueeze(-1) * self.config.rope_parameters[
        "rope_theta"] ** -exponents
    both = torch.cat([angles, angles], -1)
    return both.cos(), both.sin()


Starcoder2RotaryEmbedding.forward = rotary_terms


def rounded(tensors):
    """As they are stored: float64 as float32."""
    return {name: tensor.float() if tensor.dtype == torch.float64 else tensor
            for name, tensor in tensors.items()}
