"""Optuna on the functions of test/support/objectives.ts: python search-optuna.py tpe|sobol SEEDS prints a line per case."""
import sys, json, math, optuna, numpy as np, warnings
warnings.filterwarnings('ignore'); optuna.logging.set_verbosity(optuna.logging.ERROR)
pi=math.pi
def box(n,lo,hi): return [(f'x{i}',lo,hi) for i in range(n)]
def sphere(x): return sum((v-1.1)**2 for v in x)
def rosen(x): return sum(100*(x[i+1]-x[i]**2)**2+(1-x[i])**2 for i in range(len(x)-1))
def ackley(x):
    x=[v-3.3 for v in x]; n=len(x)
    return -20*math.exp(-0.2*math.sqrt(sum(v*v for v in x)/n))-math.exp(sum(math.cos(2*pi*v) for v in x)/n)+20+math.e
def levy(x):
    w=[1+(v-1)/4 for v in x]
    return math.sin(pi*w[0])**2+sum((a-1)**2*(1+10*math.sin(pi*a+1)**2) for a in w[:-1])+(w[-1]-1)**2*(1+math.sin(2*pi*w[-1])**2)
def griewank(x):
    x=[v-20 for v in x]
    return 1+sum(v*v for v in x)/4000-math.prod(math.cos(v/math.sqrt(i+1)) for i,v in enumerate(x))
F={'sphere5':(box(5,-5,5),sphere),'rosenbrock4':(box(4,-2,2),rosen),'ackley5':(box(5,-15,15),ackley),'levy4':(box(4,-10,10),levy),'griewank5':(box(5,-100,100),griewank)}
def mixed(t):
    rate=t.suggest_float('rate',1e-5,1,log=True); b=t.suggest_int('batch',0,4); layers=t.suggest_int('layers',1,8)
    o=t.suggest_categorical('optimizer',[0,1,2])
    if o==0: own=4*(t.suggest_float('momentum',0,.99)-.9)**2
    else: own=100*(t.suggest_float('beta2',.9,.9999)-.99)**2
    w=t.suggest_int('width',8,512,log=True)
    return [0.3,0,0.15][o]+0.5*(math.log10(rate)-[-1,-3,-2][o])**2+own+0.05*(b-2)**2+0.04*(layers-5)**2+0.3*math.log10(w/96)**2
which=sys.argv[1]; seeds=int(sys.argv[2]); counts=[50,100,200]
for name in list(F)+['mixed']:
    rows=[]
    for s in range(seeds):
        if which=='tpe': smp=optuna.samplers.TPESampler(seed=s,multivariate=True,group=(name=='mixed'))
        else: smp=optuna.samplers.QMCSampler(seed=s,scramble=True)
        st=optuna.create_study(sampler=smp)
        if name=='mixed': f=mixed
        else:
            b,g=F[name]; f=lambda t: g([t.suggest_float(*k) for k in b])
        st.optimize(f,n_trials=counts[-1])
        v=[t.value for t in st.trials]
        rows.append([min(v[:c]) for c in counts])
    q=np.quantile(rows,[.25,.5,.75],axis=0)
    for i,c in enumerate(counts): print(json.dumps({'case':f'{which}/{name}/{c}','q25':q[0][i],'median':q[1][i],'q75':q[2][i]}),flush=True)
