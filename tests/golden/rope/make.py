"""Makes tiny LLaMA GGUFs with stretched rotary positions beside transformers' logits."""
import json, os, shutil, sys, warnings
warnings.simplefilter('ignore')
import numpy as np, torch
from gguf import GGUFWriter
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
out=sys.argv[1]
H,KV,D,HD,V,CTX=2,1,16,16,32,512
def model(rope):
    torch.manual_seed(5)
    c=LlamaConfig(vocab_size=V,hidden_size=D,intermediate_size=24,num_hidden_layers=2,num_attention_heads=H,num_key_value_heads=KV,head_dim=HD,max_position_embeddings=CTX,rms_norm_eps=1e-5,tie_word_embeddings=False,rope_parameters=rope)
    c._attn_implementation='eager'
    m=LlamaForCausalLM(c).eval().float()
    with torch.no_grad():
        for n,p in m.named_parameters(): p.copy_(1+.1*torch.randn_like(p) if p.dim()==1 else torch.randn_like(p)*.25)
    return m
def perm(x,h): return np.ascontiguousarray(x.reshape(h,2,x.shape[0]//h//2,*x.shape[1:]).swapaxes(1,2).reshape(x.shape))
def gguf(m,path,keys,tensors=()):
    w=GGUFWriter(path,'llama')
    w.add_context_length(CTX);w.add_embedding_length(D);w.add_block_count(2);w.add_feed_forward_length(24);w.add_head_count(H);w.add_head_count_kv(KV);w.add_layer_norm_rms_eps(1e-5);w.add_rope_dimension_count(HD);w.add_rope_freq_base(10000.0);w.add_key_length(HD);w.add_value_length(HD);w.add_vocab_size(V)
    w.add_tokenizer_model('llama'); w.add_token_list(['t%d'%i for i in range(V)]); w.add_token_scores([0.]*V); w.add_token_types([1]*V)
    for k,v in keys.items(): (w.add_string if isinstance(v,str) else w.add_float32 if isinstance(v,float) else w.add_uint32)('llama.'+k,v)
    names={'model.embed_tokens.weight':'token_embd.weight','model.norm.weight':'output_norm.weight','lm_head.weight':'output.weight'}
    parts={'input_layernorm':'attn_norm','self_attn.q_proj':'attn_q','self_attn.k_proj':'attn_k','self_attn.v_proj':'attn_v','self_attn.o_proj':'attn_output','post_attention_layernorm':'ffn_norm','mlp.gate_proj':'ffn_gate','mlp.up_proj':'ffn_up','mlp.down_proj':'ffn_down'}
    for n,t in m.state_dict().items():
        a=t.numpy()
        if n in names: w.add_tensor(names[n],a); continue
        _,_,i,rest=n.split('.',3); k=parts[rest[:-7]]
        w.add_tensor(f'blk.{i}.{k}.weight', perm(a,H) if k=='attn_q' else perm(a,KV) if k=='attn_k' else a)
    for n,a in tensors: w.add_tensor(n,a)
    w.write_header_to_file();w.write_kv_data_to_file();w.write_tensors_to_file();w.close()
def case(name,rope,keys,tensors=()):
    m=model(rope); d=f'{out}/{name}'; shutil.rmtree(d,ignore_errors=True); os.makedirs(d)
    gguf(m,d+'/model.gguf',keys,tensors)
    torch.manual_seed(7); ids=torch.randint(0,V,(2,40))
    with torch.no_grad():
        lg=m(ids).logits; cur=ids; g=[]
        for _ in range(8): n=m(cur).logits[:,-1].argmax(-1,keepdim=True); g.append(n); cur=torch.cat([cur,n],1)
    save_file({'input_ids':ids},d+'/inputs.safetensors'); save_file({'logits':lg.contiguous(),'generated_ids':torch.cat(g,1).contiguous()},d+'/expected.safetensors')
    pass
    print(name,m.model.rotary_emb.inv_freq.tolist(),m.model.rotary_emb.attention_scaling, lg.norm(dim=-1).mean())
base={'rope_theta':10000.0}
lin={'rope_type':'linear','factor':4.0,**base}
yarn={'rope_type':'yarn','factor':4.0,'original_max_position_embeddings':128,**base}
l3={'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,'original_max_position_embeddings':16,**base}
m=model(l3); plain=model({'rope_type':'default',**base})
ff=(plain.model.rotary_emb.inv_freq/m.model.rotary_emb.inv_freq).numpy().astype(np.float32)
case('linear-factor',lin,{'rope.scaling.factor':4.0})
case('linear-old',lin,{'rope.scale_linear':4.0})
case('none',{'rope_type':'default',**base},{'rope.scaling.type':'none','rope.scaling.factor':4.0})
case('yarn',yarn,{'rope.scaling.type':'yarn','rope.scaling.factor':4.0,'rope.scaling.original_context_length':128})
case('freq-factors',l3,{},[('rope_freqs.weight',ff)])
hf={'linear':lin,'yarn':yarn,'yarn-mscale':{**yarn,'mscale':1.0,'mscale_all_dim':0.5,'beta_fast':16.0,'beta_slow':2.0,'truncate':False},'yarn-factor':{**yarn,'attention_factor':1.25},'llama3':l3,'dynamic':{'rope_type':'dynamic','factor':4.0,**base},'theta':{'rope_type':'default','rope_theta':500000.0}}
rows=[]
for n,r in hf.items():
    mm=model(r); e=mm.model.rotary_emb
    rows.append({'name':n,'rope':r,'frequencies':e.inv_freq.tolist(),'magnitude':e.attention_scaling})
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
json.dump({'head_dim':HD,'max_position_embeddings':CTX,'cases':rows},open(out+'/frequencies.json','w'),indent=1)
