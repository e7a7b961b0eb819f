"""Writes signs.pt, odd.pt, foreign.pt, protocol1.pt, no-crc.pt, legacy.pt, script.pt and deflated.pt (torch 2.13, numpy 2)."""
import argparse, collections, random, zipfile
import numpy, torch

torch.manual_seed(0)
imag = torch.tensor([1 + 2j, 3 - 4j]).conj().imag
torch.save({'neg': torch._neg_view(torch.tensor([2., 4.])), 'imag': imag, 'conj': torch.tensor([1 + 2j, 3 - 4j]).conj(),
            'neg_conj': torch._neg_view(torch.tensor([1 + 2j, 3 - 4j]).conj()),
            'int': torch._neg_view(torch.tensor([2, -300, 0])), 'half': torch._neg_view(torch.tensor([[1., -2.], [3., 0.5]]).half()).t(),
            'plain': torch.tensor([1., 2.])}, 'signs.pt')
torch.save({'u16': torch.tensor([1, 2, 65535]).to(torch.uint16), 'f8': torch.tensor([1., -2.]).to(torch.float8_e4m3fn),
            'e5': torch.tensor([1., -2.]).to(torch.float8_e5m2), 'w': torch.arange(3.)}, 'odd.pt')

dense = torch.nn.Linear(3, 2)
foreign = {
    'model': dense.state_dict(), 'args': argparse.Namespace(lr=0.1, names=['a'], w=torch.ones(2)),
    'device': torch.device('cpu'), 'dtype': torch.bfloat16, 'size': torch.Size([2, 3]), 'numpy': numpy.float64(1.5),
    'array': numpy.arange(3), 'set': {1, 2}, 'frozen': frozenset([3]), 'bytes': b'abc', 'large': 1 << 100,
    'random': random.Random(0).getstate()[1][:4], 'counter': collections.Counter('aab'),
    'grouped': collections.defaultdict(list, {'a': torch.ones(1)}), 'module': torch.nn.ReLU(),
    'sparse': torch.eye(2).to_sparse(), 'quantized': torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    'parameter': torch.nn.Parameter(torch.full((2,), 7.))}
torch.save(foreign, 'foreign.pt')
torch.save({'model': dense.state_dict(), 'flag': True, 'large': 1 << 40}, 'protocol1.pt', pickle_protocol=1)
torch.serialization.set_crc32_options(False)
torch.save(dense.state_dict(), 'no-crc.pt')
torch.serialization.set_crc32_options(True)
grid = torch.arange(6.).view(2, 3)
torch.save({'epoch': 3, 'model': collections.OrderedDict(grid=grid, turned=grid.t(), row=grid[1], none=torch.zeros(0, 4),
                                                         steps=torch.tensor([7, -8]), half=torch.tensor([0.5, 2.]).half())},
           'legacy.pt', _use_new_zipfile_serialization=False)


class Script(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 2)
        self.norm = torch.nn.LayerNorm(4)
        self.scale = torch.nn.Parameter(torch.tensor(2.0))
        self.register_buffer('steps', torch.arange(4))
        self.names = ['a', 'b']
        self.counts = [1, 2]
        self.table = {'x': 1}
        self.free = torch.ones(2)
        self.pair = [torch.ones(1), torch.zeros(2)]

    def forward(self, x):
        y = self.norm(self.conv(x).mean((2, 3))) * self.scale + self.steps + len(self.names) + self.counts[0]
        return y + self.table['x'] + self.free[0] + self.pair[0] + torch.tensor([5., 6., 7., 8.])


torch.jit.save(torch.jit.script(Script().half()), 'script.pt')
with zipfile.ZipFile('script.pt') as old, zipfile.ZipFile('deflated.pt', 'w', zipfile.ZIP_DEFLATED) as new:
    for member in old.infolist():
        if not member.filename.endswith('.debug_pkl'):
            new.writestr(zipfile.ZipInfo(member.filename, (2020, 1, 1, 0, 0, 0)), old.read(member), zipfile.ZIP_DEFLATED)
print({k: v.tolist() for k, v in torch.load('signs.pt').items()}, {k: v for k, v in dense.state_dict().items()})
print({k: v.shape for k, v in torch.jit.load('script.pt').state_dict().items()})
