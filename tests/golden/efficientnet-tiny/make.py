"""Writes pypi/ and timm/: one tiny EfficientNet-Lite of random weights under the names of PyPI's efficientnet_lite_pytorch (0.1.0) and
of timm (1.0), with what each computes (torch 2.13). With weights and pictures, a folder of the same form for published weights:

    python3 make.py                                   # the committed folders
    python3 make.py --size 2 --weights lite2.pth --out DIR photo.jpg ...

and then `flamingo-golden DIR` compares, pictures decoded and resized by its own means.
"""
import argparse, json, os, pathlib, shutil
import numpy, PIL.Image, torch
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import save_file

MEAN, STD = 127 / 255, 128 / 255


def values_of_pypi(net, image):
    values = {}
    x = values['stem'] = net._swish(net._bn0(net._conv_stem(image)))
    stages, before = -1, None
    for block in net._blocks:
        args = block._block_args
        shape = (args.output_filters, args.kernel_size, args.expand_ratio)
        stages, before = stages + (shape != before), shape
        x = values[f'stage.{stages}'] = block(x)
    values['feature_map'] = net.extract_features(image)
    values['logits'] = net(image)
    return values


def values_of_timm(net, image):
    values = {}
    x = values['stem'] = net.bn1(net.conv_stem(image))
    for s, stage in enumerate(net.blocks):
        x = values[f'stage.{s}'] = stage(x)
    values['feature_map'] = net.forward_features(image)
    values['logits'] = net(image)
    return values


def write_case(folder, image, values):
    folder.mkdir(parents=True)
    save_file({'image': image}, folder / 'inputs.safetensors')
    save_file({k: v.contiguous() for k, v in values.items()}, folder / 'expected.safetensors')


def timm_name(name):
    """Of a weight of PyPI's net whose stages have the depths 1, 2, 2, 2, 2, 3, 1."""
    top = {'_conv_stem': 'conv_stem', '_bn0': 'bn1', '_conv_head': 'conv_head', '_bn1': 'bn2', '_fc': 'classifier'}
    first, rest = name.split('.', 1)
    if first != '_blocks':
        return top[first] + '.' + rest
    i, part, rest = rest.split('.', 2)
    places = [f'{s}.{b}' for s, depth in enumerate((1, 2, 2, 2, 2, 3, 1)) for b in range(depth)]
    parts = {'_expand_conv': 'conv_pw', '_bn0': 'bn1', '_depthwise_conv': 'conv_dw', '_bn1': 'bn2', '_project_conv': 'conv_pwl', '_bn2': 'bn3'}
    if i == '0':
        parts = {'_depthwise_conv': 'conv_dw', '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2'}
    return f'blocks.{places[int(i)]}.{parts[part]}.{rest}'


def write_config(folder, architecture, side):
    (folder / 'model').mkdir(parents=True)
    with open(folder / 'model' / 'config.json', 'w') as file:
        json.dump({'architecture': architecture, 'num_classes': 10, 'pretrained_cfg': {
            'input_size': [3, side, side], 'interpolation': 'bilinear', 'mean': [0.5, 0.5, 0.5], 'std': [0.5, 0.5, 0.5]}}, file, indent=2)


def randomise_norms(net):
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.weight.data.uniform_(0.5, 1.5)
            part.bias.data.normal_(0, 0.3)
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.3, 1.5)


def write_tiny():
    from timm.models.efficientnet import _gen_efficientnet_lite
    torch.manual_seed(0)
    def make(side):
        return EfficientNet.from_name('efficientnet-lite0', width_coefficient=0.17, depth_coefficient=0.6, image_size=side,
                                      num_classes=10).eval()
    net = make(48)
    randomise_norms(net)
    for value in net.state_dict().values():
        value.copy_(value.half())  # so that half of the bytes holds them
    pypi, timm = pathlib.Path('pypi'), pathlib.Path('timm')
    for folder in (pypi, timm):
        shutil.rmtree(folder, ignore_errors=True)
    write_config(pypi, 'efficientnet_lite0', 48)
    torch.save(net.state_dict(), pypi / 'model' / 'pytorch_model.bin', _use_new_zipfile_serialization=False)
    for n, side in ((2, 48), (1, 37)):
        other = make(side)
        other.load_state_dict(net.state_dict())
        image = torch.randn(n, 3, side, side)
        write_case(pypi / 'cases' / f'{n}x{side}x{side}', image, values_of_pypi(other, image))

    other = _gen_efficientnet_lite('tf_efficientnet_lite0', channel_multiplier=0.17, depth_multiplier=0.6, num_classes=10, bn_eps=1e-3,
                                   pad_type='same').eval()
    renamed = {timm_name(k): v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    other.load_state_dict(renamed)
    write_config(timm, 'tf_efficientnet_lite0', 48)
    save_file(renamed, timm / 'model' / 'model.safetensors')
    image = torch.randn(1, 3, 29, 46)
    write_case(timm / 'cases' / '1x29x46', image, values_of_timm(other, image))
    image = torch.randn(1, 3, 48, 48)
    print('timm and PyPI differ by', (net(image) - other(image)).abs().max().item(), 'of', net(image).abs().max().item())


def prepared(path, side):
    """As open_clip does it: the shorter side to `side` pixels, bicubic, the middle."""
    picture = PIL.Image.open(path)
    w, h = picture.size
    w, h = (side, int(side * h / w)) if w <= h else (int(side * w / h), side)
    picture = picture.resize((w, h), PIL.Image.BICUBIC)
    left, top = int(round((w - side) / 2.0)), int(round((h - side) / 2.0))
    pixels = numpy.asarray(picture.crop((left, top, left + side, top + side)).convert('RGB'), dtype=numpy.float32) / 255
    return torch.from_numpy((pixels - numpy.float32(MEAN)) / numpy.float32(STD)).permute(2, 0, 1)[None].contiguous()


def write_published(args):
    name = f'efficientnet-lite{args.size}'
    side = EfficientNet.get_image_size(name)
    net = EfficientNet.from_name(name)
    if args.weights:
        net.load_state_dict(torch.load(args.weights))
    else:
        torch.manual_seed(args.size)
        for part in net.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        net(torch.cat([prepared(path, side) for path in args.pictures]))  # the norms take its statistics
    net.eval()
    out = pathlib.Path(args.out)
    (out / 'model').mkdir(parents=True)
    if args.weights:
        shutil.copy(args.weights, out / 'model')
    else:
        torch.save(net.state_dict(), out / 'model' / 'random.pth')
    for path in args.pictures:
        case = out / 'cases' / os.path.basename(path)
        image = prepared(path, side)
        logits = net(image)
        write_case(case, image, {'logits': logits})
        print(f'{name} {os.path.basename(path)}: class {logits.argmax().item()}, largest logit {logits.abs().max().item():.3f}')
        shutil.copy(path, case / ('picture' + pathlib.Path(path).suffix))


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('--size', type=int, choices=range(5))
parser.add_argument('--weights', help='a .pth of that size; random ones without it')
parser.add_argument('--out')
parser.add_argument('pictures', nargs='*')
arguments = parser.parse_args()
with torch.no_grad():
    write_tiny() if arguments.size is None else write_published(arguments)
