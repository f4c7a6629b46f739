import pytest

from election.audit.merkle import MerkleTree, inclusion_path, leads_to_root, leaf_hash

# The entries and roots that Certificate Transparency's own implementations are tested with.
TEXTS = "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
ENTRIES = [bytes.fromhex(text) for text in TEXTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_known_entries_have_the_known_roots(size):
    assert MerkleTree(map(leaf_hash, ENTRIES[:size])).root.hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(1, 41))
def test_every_leaf_is_proved_by_its_path_and_nothing_else_is(size):
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    top, other = MerkleTree(leaves).root, leaf_hash(b"another")
    for index, leaf in enumerate(leaves):
        path = inclusion_path(leaves, index)
        assert len(path) <= (size - 1).bit_length()
        assert [at for at in range(-2, size + 3) if leads_to_root(leaf, at, size, path, top)] == [index]
        assert not leads_to_root(other, index, size, path, top)
        assert not leads_to_root(leaf, index, size, path, other)
        assert not leads_to_root(leaf, index, size, [*path, other], top)
        for at in range(len(path)):
            assert not leads_to_root(leaf, index, size, [*path[:at], other, *path[at + 1 :]], top)
            assert not leads_to_root(leaf, index, size, path[:at], top)
