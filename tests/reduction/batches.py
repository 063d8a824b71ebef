"""Batches made of a seed, with every kind of input that a laboratory has."""

from __future__ import annotations

import numpy as np

from pychron.reduction.batch import Batch, Inputs, Scalars
from pychron.reduction.inputs import Measured, Productions
from pychron.reduction.signals import Discrimination

SIZES = np.array([[800.0], [40.0], [1.1], [9.0], [0.45]])


def productions(name="TRIGA", shift=1.0):
    return Productions(
        name,
        k4039=Measured(0.007614 * shift, 1.05e-4),
        k3839=Measured(0.013, 2e-4),
        k3739=Measured(1.5e-4 * shift, 2e-5),
        ca3937=Measured(6.6e-4, 1e-5),
        ca3837=Measured(4e-5, 2e-6),
        ca3637=Measured(2.64e-4 * shift, 1e-6),
        cl3638=Measured(250.0, 3.0),
        ca_k=Measured(1.96, 0.02),
        cl_k=Measured(0.227, 0.01),
    )


def a_batch(seed=0, many=4, *, shared=True, everything=True, law=Discrimination.LINEAR):
    """`shared`: blanks, IC factors, J in two groups, two isotopes on one detector."""
    random = np.random.default_rng(seed)

    def spread(scale, relative):
        value = SIZES * scale * random.uniform(0.7, 1.3, (5, many))
        return value, np.abs(value) * random.uniform(0.2, 1.0, (5, many)) * relative

    def ids(low):
        return (np.arange(5)[:, np.newaxis] * 10 + low + np.arange(many)[np.newaxis, :] % 2).astype(np.int64)

    group = np.arange(many, dtype=np.int64) % 2
    batch = Batch(
        Inputs(*spread(1.0, 2e-3)),
        baselines=Inputs(*spread(0.002, 0.1)),
        blanks=Inputs(*spread(0.01, 0.1), ids(100) if shared else None),
        ic_factors=Inputs(
            random.uniform(0.97, 1.03, (5, many)),
            random.uniform(1e-4, 1e-3, (5, many)),
            ids(200) if shared else None,
        ),
        decay39=random.uniform(1.0, 1.01, many),
        decay37=random.uniform(2, 60, many),
        days=random.uniform(50, 300, many),
        productions=(productions(), productions("other", 1.1)),
        production=group,
        j=Scalars(
            random.uniform(2e-4, 5e-3, many), random.uniform(1e-7, 5e-6, many), group if shared else None
        ),
        sensitivity=random.uniform(1e-17, 2e-17, many),
    )
    if shared:
        for inputs in (batch.blanks, batch.ic_factors, batch.j):
            for row in range(2, many):
                inputs.value[..., row] = inputs.value[..., row % 2]
                inputs.error[..., row] = inputs.error[..., row % 2]
        # 37 and 36 are hopped on one detector.
        ic = batch.ic_factors
        ic.ids[4], ic.value[4], ic.error[4] = ic.ids[3], ic.value[3], ic.error[3]
    if everything:
        d = {Discrimination.POWER: 1.002}.get(law, 0.002)
        batch.backgrounds = Inputs(*spread(0.001, 0.1))
        batch.discrimination = Scalars(np.full(many, d), np.full(many, 2e-4), np.zeros(many, np.int64))
        batch.law = law
        batch.abundance_sensitivity = random.uniform(0, 1e-5, many)
    return batch
