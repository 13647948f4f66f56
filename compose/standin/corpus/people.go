package corpus

import (
	"math"
	"math/rand/v2"
	"strings"
)

// people is the pool that authors are drawn from: few write much, most write
// once or twice.
type people struct {
	names []string
}

const (
	poolSize          = 12_000
	collaborationRate = 0.003 // papers with the author list of a large collaboration
)

func newPeople(rng *rand.Rand) *people {
	p := &people{names: make([]string, 0, poolSize)}
	seen := make(map[string]bool, poolSize)
	for len(p.names) < poolSize {
		given := zipf(rng, givenNames)
		if rng.Float64() < 0.35 {
			given += " " + string(rune('A'+rng.IntN(25))) + "."
		}
		name := given + " " + zipf(rng, familyNames)
		// Two family names, as is usual in half of the world, keep the pool
		// from running out.
		if seen[name] {
			name += "-" + pick(rng, familyNames)
		}
		if !seen[name] {
			seen[name] = true
			p.names = append(p.names, name)
		}
	}
	return p
}

// authors draws one author list without repetition: lognormal in length with
// its median at 3, at most 12 except for collaborations.
func (p *people) authors(rng *rand.Rand) []string {
	n := int(math.Round(3.2 * math.Exp(0.6*rng.NormFloat64())))
	n = min(12, max(1, n))
	if rng.Float64() < collaborationRate {
		n = 25 + rng.IntN(100)
	}
	authors := make([]string, 0, n)
	seen := make(map[int]bool, n)
	for len(authors) < n {
		// The square of a uniform number favours the front of the pool.
		u := rng.Float64()
		i := int(u * u * float64(len(p.names)))
		if !seen[i] {
			seen[i] = true
			authors = append(authors, p.names[i])
		}
	}
	return authors
}

var givenNames = strings.Split("Wei|Maria|David|Anna|Michael|Jun|Daniel|Elena|Thomas|Yuki|Andrea|Peter|Li|Sofia|Alexander|Priya|Martin|Hui|Laura|Jan|Rahul|Julia|Marco|Xin|Stefan|Ana|Paul|Min|Katarzyna|Robert|Fatima|Pierre|Yang|Ingrid|Carlos|Aisha|Johannes|Mei|Olga|Luca|Hiroshi|Sarah|Ahmed|Jing|François|Nadia|Viktor|Chen|Emma|Giulia|Arjun|Tomáš|Lena|Mohammad|Søren|Kenji|Clara|Rafael|Zsófia|Ivan|Beatriz|Takeshi|Noémie|Dmitri|Hannah|Javier|Sunita|Björn|Leila|Matteo|Ewa|Samuel|Chiara|Vikram|Jürgen|Tatiana|Kwame|Isabel|Ömer|Siobhán|Antonio|Rebecca|Minh|Agnieszka|Diego|Miriam|Petr|Zeynep|Oliver|Nguyen|Inês|Magnus|Parisa|Łukasz|Amélie|Ravi|Gabriela|Eero|Yael|Thandiwe", "|")

var familyNames = strings.Split("Wang|Zhang|Li|Chen|Liu|Kim|Müller|Singh|Garcia|Smith|Yang|Kumar|Rossi|Nguyen|Tanaka|Huang|Schmidt|Lee|Silva|Martin|Zhao|Ivanov|Johnson|Sato|Wu|Fernández|Brown|Zhou|Gupta|Schneider|Park|Novák|Xu|Petrov|López|Suzuki|Bianchi|Sun|Wilson|Weber|Khan|Ma|Kowalski|Hansen|Sharma|Dubois|Zhu|Taylor|Popov|Hu|González|Watanabe|Fischer|Ferrari|Guo|Andersson|Patel|Lin|Becker|He|Costa|Moreau|Gao|Kovács|Santos|Ito|Nielsen|Das|Luo|Wagner|Zheng|Horváth|Romano|Thompson|Mukherjee|Choi|Laurent|Sokolov|Hoffmann|Pérez|Kobayashi|Tang|Jensen|Svoboda|Rao|Yamamoto|Walker|Keller|Esposito|Dvořák|Feng|Larsson|Chatterjee|Oliveira|Cao|Lefèvre|Richter|Nakamura|Wiśniewski|Harris|Rahimi|Vasquez|Volkov|Peng|Bauer|Conti|Eriksson|Banerjee|Hughes|Jung|Kuznetsov|Almeida|Deng|Virtanen|Marino|Haddad|Evans|Wolff|Iyer|Cheng|Nowak|Girard|Yilmaz|Abe|O'Brien|Ricci|Schwarz|Torres|Mahmoud|Okafor|Björk|Cohen|Morozov|Pan|Edwards|Krüger|Reddy|Kang|Fontaine|Lombardi|Hashimoto|Zieliński|Nair|Papadopoulos|Vogel|Bernard|Shi|Ramos|Demir|Lindqvist|Greco|Joshi|Sasaki|Fuchs|Carter|Lebedev|Mendes|Yuan|Hosseini|Szabó|de Vries|Roux|Mori|Clarke|Zimmermann|Ghosh|Barbieri|Kaya|Dai|Medina|Frank|Ogawa|Petersen|Murphy|Bose|Orlov|Vidal|Lehmann|Xie|Fabbri|Mensah|van den Berg|Kimura|Stewart|Rivera|Tran|Winkler|Gallo|Fedorov|Eriksen|Lu|Kaplan|Aguilar|Simon|Shah|Mishra|Nikolaidis|Ferreira|Jansen|Toth|Adeyemi|Hayashi|Levy|Marchetti|Ślusarczyk|Quintana|Baum|Ek|Ruiz|Ohta|Grigoryan|Haugen|Zeng|Belov|Acharya|Sørensen|Ueda|Castillo|Byrne|Gruber|Matsuda|Kozlov|Tanaka-Ito|Mwangi|Rojas|Stein", "|")
