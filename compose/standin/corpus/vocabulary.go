package corpus

import "strings"

// field is a part of science with its own words. Lists are ordered from common
// to rare; zipf makes the front of each list far more frequent than its end.
type field struct {
	// weight is about the share of arXiv's new papers, in percent.
	weight     int
	categories []string
	near       []string
	subjects   []string
	methods    []string
	quantities []string
}

func list(s string) []string { return strings.Split(s, "|") }

var fields = []field{
	{
		weight:     36,
		categories: list("cs.LG|cs.CV|cs.CL|cs.AI|cs.RO|cs.CR|cs.SE|cs.IT|cs.DC|cs.SI|cs.DS|cs.NI|cs.HC|cs.IR|cs.SD|cs.CY|cs.DB|cs.NE|cs.LO|cs.AR|cs.PL|cs.GT|cs.MA|cs.CG|cs.PF|cs.DM|cs.ET|cs.FL|cs.OS"),
		near:       list("stat.ML|eess.IV|eess.AS|math.OC|eess.SP|eess.SY|quant-ph|physics.soc-ph|stat.ME"),
		subjects:   list("neural networks|language models|images|graphs|reinforcement learning|point clouds|federated learning|object detection|transformers|distributed systems|knowledge graphs|speech recognition|robots|adversarial examples|recommender systems|semantic segmentation|machine translation|blockchain|wireless networks|code review|question answering|autonomous vehicles|stream processing|software defects|social media|medical imaging|consensus protocols|privacy|smart contracts|sign language|key-value stores|cache coherence|type inference|malware|load balancing|voice assistants|mobile edge computing|query optimisation|garbage collection|message queues|tactile sensing|handwriting|serverless platforms|sparse tensors|quadruped locomotion|data races|intrusion detection|crowdsourcing|video games|program synthesis"),
		methods:    list("deep learning|contrastive learning|attention|gradient descent|self-supervised pre-training|a graph neural network|knowledge distillation|a convolutional architecture|data augmentation|transfer learning|a generative adversarial network|meta-learning|variational inference|dynamic programming|static analysis|a genetic algorithm|differential privacy|quantisation|model checking|a randomised sketch|coded computation|fuzz testing|a greedy heuristic|spectral clustering|symbolic execution|erasure coding|an integer linear program"),
		quantities: list("accuracy|latency|throughput|robustness|sample complexity|memory footprint|energy consumption|recall|generalisation error|communication cost|fairness|inference time|tail latency|mean average precision|word error rate"),
	},
	{
		weight:     13,
		categories: list("astro-ph.GA|astro-ph.HE|astro-ph.CO|astro-ph.SR|astro-ph.EP|astro-ph.IM"),
		near:       list("gr-qc|hep-ph|physics.space-ph|hep-th|physics.plasm-ph|physics.data-an"),
		subjects:   list("galaxies|stars|black holes|star formation|exoplanets|dark matter|neutron stars|galaxy clusters|accretion discs|the Milky Way|active galactic nuclei|supernovae|gamma-ray bursts|molecular clouds|white dwarfs|gravitational waves|protoplanetary discs|quasars|stellar winds|the cosmic microwave background|dwarf galaxies|fast radio bursts|globular clusters|the interstellar medium|pulsars|brown dwarfs|magnetic fields|cosmic rays|weak lensing|X-ray binaries|hot Jupiters|solar flares|reionisation|Cepheids|debris discs|comets|tidal disruption events|magnetars|asteroids|stellar streams|planetary nebulae|blazars|Lyman-alpha emitters|kilonovae|open clusters|Kuiper belt objects|zodiacal dust|coronal loops"),
		methods:    list("spectroscopy|photometry|hydrodynamical simulations|observations with ALMA|Gaia astrometry|N-body simulations|radiative transfer modelling|Bayesian inference|radio interferometry|a volume-limited survey|asteroseismology|transit timing|strong lensing|population synthesis|adaptive optics|stacked spectra|direct imaging|Chandra observations|very long baseline interferometry|semi-analytic models|polarimetry|principal component analysis"),
		quantities: list("metallicity|mass|luminosity|redshift|stellar mass|rotation rate|surface density|velocity dispersion|effective temperature|column density|eccentricity|spectral index|orbital period|dust temperature|escape fraction"),
	},
	{
		weight:     11,
		categories: list("hep-ph|hep-th|gr-qc|hep-ex|nucl-th|hep-lat|nucl-ex"),
		near:       list("astro-ph.CO|math-ph|astro-ph.HE|quant-ph|cond-mat.str-el|physics.ins-det"),
		subjects:   list("dark matter|black holes|the Standard Model|neutrinos|gauge theories|the Higgs boson|heavy-ion collisions|inflation|supersymmetry|conformal field theory|general relativity|quarks|scattering amplitudes|axions|holography|B mesons|string theory|quark-gluon plasma|nucleons|lepton flavour|heavy nuclei|wormholes|cosmic strings|dark energy|the strong coupling|de Sitter space|jets|top quarks|entanglement entropy|parton distributions|primordial black holes|glueballs|instantons|leptogenesis|charmonium|anomalies|the muon anomalous magnetic moment|tetraquarks|loop quantum gravity|sterile neutrinos|modular forms|domain walls"),
		methods:    list("effective field theory|perturbation theory|lattice QCD|the AdS/CFT correspondence|data from the LHC|renormalisation group equations|dispersion relations|a global fit|numerical relativity|Monte Carlo simulation|chiral perturbation theory|the conformal bootstrap|a next-to-leading order calculation|QCD sum rules|matrix models|density functional theory|supersymmetric localisation|soft-collinear factorisation|boosted decision trees"),
		quantities: list("cross section|mass|branching ratio|decay width|coupling constant|relic density|entropy|mixing angle|form factor|transverse momentum|binding energy|spectral function|phase shift"),
	},
	{
		weight:     10,
		categories: list("cond-mat.mtrl-sci|cond-mat.mes-hall|cond-mat.str-el|cond-mat.supr-con|cond-mat.soft|cond-mat.stat-mech|cond-mat.quant-gas|cond-mat.dis-nn"),
		near:       list("quant-ph|physics.app-ph|physics.chem-ph|physics.comp-ph|physics.optics|physics.bio-ph|math-ph"),
		subjects:   list("graphene|superconductivity|topological insulators|thin films|spin waves|magnetic order|phase transitions|perovskites|two-dimensional materials|quantum dots|the Hubbard model|colloids|Weyl semimetals|charge density waves|skyrmions|polymers|twisted bilayers|Josephson junctions|ferroelectrics|excitons|frustrated magnets|cuprates|glasses|Majorana modes|active matter|phonons|nanowires|spin liquids|heavy fermions|grain boundaries|moiré patterns|granular flow|cold atoms|iron pnictides|thermoelectrics|liquid crystals|kagome metals|dislocations|polaritons|percolation|foams"),
		methods:    list("density functional theory|neutron scattering|angle-resolved photoemission|molecular dynamics|transport measurements|Raman spectroscopy|the density matrix renormalisation group|dynamical mean-field theory|scanning tunnelling microscopy|X-ray diffraction|quantum Monte Carlo|tight-binding models|machine-learned potentials|muon spin rotation|molecular beam epitaxy|finite-size scaling|terahertz spectroscopy"),
		quantities: list("band gap|critical temperature|conductivity|magnetisation|thermal conductivity|carrier density|spin polarisation|elastic modulus|coherence length|dielectric constant|effective mass|mobility"),
	},
	{
		weight:     13,
		categories: list("math.AP|math.CO|math.NA|math.PR|math.OC|math.AG|math.NT|math.DG|math.DS|math.FA|math.RT|math.ST|math.GT|math.GR|math-ph|math.CA|math.RA|math.AT|math.LO|math.QA|math.CV|math.AC|math.MG|math.CT|math.OA|math.SG"),
		near:       list("math-ph|cs.NA|stat.TH|cs.DM|cs.IT|cs.DS|hep-th|eess.SY"),
		subjects:   list("graphs|elliptic equations|random walks|moduli spaces|Lie algebras|manifolds|L-functions|Markov chains|convex functions|Banach spaces|random matrices|modular forms|elliptic curves|operator algebras|hyperbolic groups|Hilbert schemes|the Navier-Stokes equations|stochastic differential equations|knots|prime numbers|cluster algebras|Ricci flow|tensor categories|polynomials|dynamical systems|partitions|Schrödinger operators|vector bundles|hypergraphs|Calabi-Yau threefolds|optimal transport|matroids|symplectic manifolds|permutations|reaction-diffusion systems|quivers|mean-field games|simplicial complexes|Galois representations|fractals|wavelets|tilings|toric varieties|branching processes|free boundary problems|Artin groups"),
		methods:    list("finite element methods|a variational principle|spectral theory|large deviations|cohomology|a probabilistic argument|Fourier analysis|deformation theory|a fixed point theorem|combinatorial methods|mirror symmetry|a priori estimates|the circle method|homogenisation|Morse theory|descent|a multigrid solver|generating functions|the martingale method|harmonic analysis|geometric invariant theory|forcing"),
		quantities: list("convergence rate|regularity|dimension|spectral gap|chromatic number|genus|asymptotics|rank|curvature|mixing time|entropy|index|discrepancy|Betti numbers"),
	},
	{
		weight:     11,
		categories: list("quant-ph|physics.optics|physics.flu-dyn|physics.app-ph|physics.chem-ph|physics.soc-ph|physics.comp-ph|physics.ins-det|physics.atom-ph|physics.plasm-ph|physics.bio-ph|physics.ao-ph|physics.med-ph|physics.geo-ph|physics.class-ph|physics.acc-ph|nlin.CD|nlin.PS"),
		near:       list("cond-mat.mes-hall|cond-mat.stat-mech|cond-mat.soft|cs.ET|math-ph|eess.SP|cs.SI|cond-mat.quant-gas"),
		subjects:   list("qubits|entanglement|turbulence|quantum computers|lasers|photonic crystals|open quantum systems|quantum error correction|plasmas|trapped ions|epidemics|optical fibres|quantum key distribution|bubbles|metasurfaces|vortices|Rydberg atoms|frequency combs|boundary layers|detectors|silicon photonics|tokamaks|complex networks|climate models|atomic clocks|droplets|superconducting circuits|quantum walks|solitons|molecular spectra|nitrogen-vacancy centres|particle accelerators|waveguides|seismic waves|convection|squeezed light|Bell inequalities|cavitation|opinion dynamics|nanoparticles|magnetic resonance|cilia"),
		methods:    list("numerical simulation|variational quantum algorithms|direct numerical simulation|tensor networks|machine learning|quantum tomography|a master equation|particle-in-cell simulation|pump-probe measurements|a mean-field model|optimal control|coupled cluster theory|holographic imaging|particle image velocimetry|randomised benchmarking|the lattice Boltzmann method|four-wave mixing|path integrals"),
		quantities: list("fidelity|coherence time|efficiency|drag|noise|Reynolds number|bandwidth|quality factor|sensitivity|signal-to-noise ratio|heat flux|infection rate|visibility|resolution"),
	},
	{
		weight:     6,
		categories: list("eess.SP|eess.IV|eess.SY|eess.AS|stat.ME|stat.ML|stat.AP|q-bio.QM|q-bio.PE|q-bio.NC|q-bio.BM|q-fin.ST|econ.EM|econ.TH|stat.CO|q-fin.MF|q-bio.MN|econ.GN"),
		near:       list("cs.LG|stat.ML|cs.CV|math.OC|cs.IT|math.ST|physics.bio-ph|cs.SD|stat.AP"),
		subjects:   list("time series|massive MIMO|power grids|clinical trials|brain activity|survival data|proteins|speech enhancement|causal effects|radar|gene expression|missing data|financial markets|microgrids|auctions|channel estimation|single-cell data|infectious diseases|treatment effects|sparse signals|electric vehicles|phylogenetic trees|beamforming|longitudinal data|spiking neurons|tumour growth|magnetic resonance images|option prices|spatial point patterns|matching markets|antibodies|electroencephalograms|air pollution|wind farms|portfolios|microbial communities|survey samples"),
		methods:    list("Bayesian inference|Gaussian processes|compressed sensing|deep learning|model predictive control|causal inference|Markov chain Monte Carlo|Kalman filtering|instrumental variables|random forests|functional data analysis|stochastic simulation|matrix factorisation|the bootstrap|semiparametric estimation|hidden Markov models|mechanism design|agent-based models"),
		quantities: list("uncertainty|bias|spectral efficiency|coverage|variance|error rate|risk|bit error rate|false discovery rate|volatility|stability margin|growth rate|welfare"),
	},
}

var adjectives = list("new|large|general|efficient|robust|simple|accurate|high-resolution|scalable|nonlinear|optimal|systematic|strong|unified|low-dimensional|sparse|adaptive|anisotropic|hierarchical|data-driven|time-dependent|interpretable|universal|self-consistent|multi-scale|degenerate|asymmetric|stochastic|inhomogeneous|non-perturbative")

var numbers = list("two|three|10|four|100|five|20|several hundred|30|1,000|12|50|six|40|15|2.5|0.3|250|1.7|10,000|8|64|75|0.05|128|3,600")

var journals = list("Phys. Rev. D|Astrophys. J.|J. Comput. Phys.|IEEE Access|Mon. Not. R. Astron. Soc.|Phys. Rev. B|J. High Energy Phys.|Trans. Amer. Math. Soc.|Opt. Express|Neurocomputing")

var corrections = list("A sign error in an earlier version is corrected.|This version adds a comparison with earlier measurements.|An additional table lists the full results.|The discussion of uncertainties has been extended.|The proof of the main theorem has been simplified.|Conclusions are unchanged.")

var revisionComments = list("accepted for publication|typos corrected, references added|revised after peer review, results unchanged|extended version with an appendix|one figure replaced")
