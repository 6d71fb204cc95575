import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sleap_rt.runtime.engines import TensorSpec
from sleap_rt.runtime.engines.tensorrt.gpu.buffers import ALIGNMENT, plan_buffers

shapes = st.lists(st.integers(0, 9), max_size=4).map(tuple)
dtypes = st.sampled_from([np.uint8, np.float16, np.float32, np.int64]).map(np.dtype)


def specs(prefix: str) -> st.SearchStrategy[list[TensorSpec]]:
    return st.lists(st.tuples(dtypes, shapes), min_size=1, max_size=5).map(
        lambda found: [
            TensorSpec(f"{prefix}{i}", dtype, shape) for i, (dtype, shape) in enumerate(found)
        ]
    )


@given(inputs=specs("in"), outputs=specs("out"), data=st.data())
def test_tensors_are_aligned_apart_and_in_the_part_that_is_copied(
    inputs: list[TensorSpec], outputs: list[TensorSpec], data: st.DataObject
) -> None:
    fetch = data.draw(st.sets(st.sampled_from([spec.name for spec in outputs])))
    plan = plan_buffers(inputs, outputs, sorted(fetch))
    used = np.zeros(plan.device_bytes, int)
    for slot in (*plan.inputs, *plan.fetched, *plan.others):
        assert slot.offset % ALIGNMENT == 0
        used[slot.offset : slot.offset + slot.n_bytes] += 1
    assert used.max(initial=0) <= 1  # no two tensors share a byte
    n_bytes = {
        spec.name: int(np.prod(spec.shape)) * spec.dtype.itemsize for spec in (*inputs, *outputs)
    }
    assert used[: plan.input_bytes].sum() == sum(n_bytes[spec.name] for spec in inputs)
    fetched = used[plan.fetched_start : plan.host_bytes].sum()
    assert fetched == sum(n_bytes[name] for name in fetch)
    assert used.sum() == sum(n_bytes.values())
    assert {slot.name for slot in plan.fetched} == fetch


def test_views_give_back_what_was_put_in() -> None:
    inputs = [
        TensorSpec("frames", np.dtype(np.uint8), (2, 3)),
        TensorSpec("threshold", np.dtype(np.float32), ()),
    ]
    plan = plan_buffers(inputs, [TensorSpec("n", np.dtype(np.int64), (2,))], ["n"])
    block = np.zeros(plan.host_bytes, np.uint8)
    frames, threshold, n = (slot.view(block) for slot in (*plan.inputs, *plan.fetched))
    frames[...] = [[1, 2, 3], [4, 5, 6]]
    threshold[...] = 0.25
    n[...] = [-1, 7]
    assert block[:6].tolist() == [1, 2, 3, 4, 5, 6]
    assert block[ALIGNMENT : ALIGNMENT + 4].view(np.float32) == 0.25
    assert block[2 * ALIGNMENT : 2 * ALIGNMENT + 16].view(np.int64).tolist() == [-1, 7]
