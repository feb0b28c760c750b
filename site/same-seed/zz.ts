import { manualSeed, rand, randn, ones } from '@kindling/core';
import * as nn from '@kindling/nn';
const show=(n:string,t:any)=>console.log(n, t.double().abs().sum().item(), t.flatten().tolist().slice(-3).join(' '), rand([1]).item());
for (const n of [4,32]) for (const d of [0,0.1]) {
manualSeed(0);
let l = new nn.TransformerEncoderLayer(32,4,{dimFeedforward:64,dropout:d,batchFirst:true});
const x = randn([n,8,32]);
const q = randn([n,4,8,8]);
manualSeed(1); show("sdpa", nn.F.scaledDotProductAttention(q,q,q,{dropoutP:d}));
manualSeed(1); show("mha", (l as any).selfAttn(x,x,x,{needWeights:false})[0]);
manualSeed(1); show("drop", nn.F.dropout(x,{p:d}));
manualSeed(1); show("dropT", nn.F.dropout(x.transpose(0,1).contiguous().transpose(0,1),{p:d}));
manualSeed(1); show("layer", l(x));
manualSeed(1); const e=new nn.TransformerEncoder(l,2); show("enc", e(x));
}
