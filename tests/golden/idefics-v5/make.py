"""Makes tiny IDEFICS models as transformers 5 saves them: rope_parameters, tied heads."""
import json, os, shutil, sys, warnings
warnings.simplefilter('ignore')
import torch
from transformers import IdeficsConfig, IdeficsForVisionText2Text
from safetensors.torch import save_file
out=sys.argv[1]
def make(name,rope,**kw):
    cfg=IdeficsConfig(vocab_size=60,additional_vocab_size=3,hidden_size=32,intermediate_size=48,num_hidden_layers=2,num_attention_heads=4,cross_layer_interval=1,max_position_embeddings=128,rope_parameters=rope,alpha_initializer='ones',alpha_type='float',
      vision_config=dict(embed_dim=32,image_size=28,patch_size=14,num_hidden_layers=1,num_attention_heads=4,intermediate_size=48,hidden_act='gelu'),
      use_resampler=True,perceiver_config=dict(use_resampler=True,resampler_n_latents=4,resampler_depth=1,resampler_n_heads=4,resampler_head_dim=8,qk_layer_norms_perceiver=True),qk_layer_norms=True,**kw)
    cfg._attn_implementation='eager'
    m=IdeficsForVisionText2Text(cfg).eval().float()
    with torch.no_grad():
        for n,p in sorted(m.named_parameters()):
            g=torch.Generator().manual_seed(sum(map(ord,n)))
            if p.dim()<=1 and 'norm' in n and n.endswith('weight'): p.copy_(1+.2*torch.randn(p.shape,generator=g))
            elif 'alpha' in n: p.fill_(.7)
            else: p.copy_(torch.randn(p.shape,generator=g)*(.3 if p.dim()>1 else .1)*(1 if p.dim()<2 else (8/p.shape[-1]**.5)*.5))
    m.tie_weights()
    d=f'{out}/{name}'; shutil.rmtree(d,ignore_errors=True); os.makedirs(d+'/cases/one')
    m.save_pretrained(d+'/model')
    g=torch.Generator().manual_seed(1)
    ids=torch.randint(3,60,(2,30),generator=g); px=torch.randn(2,2,3,28,28,generator=g)
    im=torch.zeros(2,30,2,dtype=torch.long); im[:,5:15,0]=1; im[:,15:,1]=1
    am=torch.ones(2,30,dtype=torch.long)
    gen=[];gl=[]
    with torch.no_grad():
        logits=m(input_ids=ids,attention_mask=am,pixel_values=px,image_attention_mask=im).logits
        cur=ids; curm=im
        for _ in range(8):
            l=m(input_ids=cur,attention_mask=torch.ones_like(cur),pixel_values=px,image_attention_mask=curm).logits[:,-1]
            n=l.argmax(-1,keepdim=True); gen.append(n); gl.append(l); cur=torch.cat([cur,n],1); curm=torch.cat([curm,curm[:,-1:]],1)
    save_file(dict(input_ids=ids,attention_mask=am,pixel_values=px,image_attention_mask=im),d+'/cases/one/inputs.safetensors')
    save_file(dict(logits=logits.contiguous(),generated_ids=torch.cat(gen,1).contiguous(),generated_logits=torch.stack(gl,1).contiguous()),d+'/cases/one/expected.safetensors')
    from safetensors import safe_open
    print(name,logits.norm(dim=-1).mean(),[k for k in safe_open(d+'/model/model.safetensors','pt').keys() if 'lm_head' in k or 'embed_tokens' in k])
make('linear-tied',{'rope_type':'linear','factor':4.0,'rope_theta':20000.0},tie_word_embeddings=True)
